const SEVERITIES = ['critical', 'high', 'medium', 'low', 'unknown'];
const KINDS = ['malicious', 'vulnerability', 'secret', 'integrity', 'runtime', 'posture', 'code', 'informational'];
const STANDINGS = [
  ['breaks', 'Breaks the policy'],
  ['below', 'Below the threshold'],
  ['beside', 'Not installed'],
  ['waived', 'Waived'],
];
/** A function with layers reads as long as it is; rows have no room for it. */
const same = (words) => words.map((word) => [word, word]);

/** The list of findings, and the way to each by its anchor. */
function findings(data) {
  const anchor = (row) => `finding-${row.print}${row.again ? `-${row.again}` : ''}`;
  const text = (row) => {
    row.text ??= [row.target.name, row.redacted, row.print, ...row.places].join('\n').toLowerCase();
    const issue = row.issue;
    issue.text ??= [issue.id, ...(issue.aliases ?? []), issue.title, `${issue.package ?? ''} ${issue.version ?? ''}`, issue.ecosystem, issue.kind]
      .join('\n').toLowerCase();
    return `${issue.text}\n${row.text}`;
  };

  const marks = ({ issue, state, standing }) => [
    issue.kev !== undefined && el('span', { class: 'mark bad' }, 'known exploited'),
    standing === 'waived' && el('span', { class: 'mark' }, 'waived'),
    standing === 'beside' && el('span', { class: 'mark' }, 'not installed'),
    state === 'existing' && el('span', { class: 'mark' }, 'known before'),
  ];

  const remedy = ({ kind, fixed }) => {
    if (fixed) return el('span', { class: 'fix' }, `fix: ${fixed[0]}`);
    if (kind === 'malicious') return el('span', { class: 'fix' }, 'remove it');
    return kind === 'vulnerability' ? el('span', { class: 'fix none' }, 'no fix known') : undefined;
  };

  const head = (row) => {
    const { issue, target, places } = row;
    const named = issue.package && `${issue.package} ${issue.version ?? ''}`.trim();
    const word = issue.kind === 'malicious' ? 'malware' : issue.severity;
    return el('summary', {},
      el('span', { class: `chip ${issue.kind === 'malicious' ? 'critical' : issue.severity}` }, word),
      el('span', { class: 'what' },
        el('span', { class: 'title' }, issue.title), ' ',
        el('span', { class: 'where' },
          el('span', { class: 'kind' }, issue.kind), ' ',
          named ? el('strong', {}, named) : el('span', { class: 'path' }, places[0] ?? ''), ' ',
          row.redacted && el('code', {}, row.redacted), ' ',
          data.targets.length > 1 && el('span', { class: 'target' }, `in ${target.name}`), ' ',
          marks(row))),
      remedy(issue));
  };

  const body = (row) => {
    const { issue, target } = row;
    const advised = ['vulnerability', 'malicious', 'informational'].includes(issue.kind);
    const ids = [issue.id, ...(issue.aliases ?? [])].map((id) => (advised ? advisory(id) : id));
    const also = data.targets.length > 1 && issue.rows > 1
      && el('button', { type: 'button', class: 'quiet', 'data-list': 'findings', 'data-facet': 'search', 'data-value': issue.id },
        `Show all ${plural(issue.rows, 'finding', 'findings')} of it`);
    const places = row.places.map((place) => el('li', { class: 'path' }, place));
    const more = row.more && el('li', {}, `and ${plural(row.more, 'more place', 'more places')}; --format json lists all`);
    return el('div', { class: 'detail' },
      el('p', { class: 'remediation' }, issue.remediation),
      el('dl', {},
        fact(advised ? 'Advisory' : 'Check', ...joined(ids)),
        fact('Package', issue.package && `${issue.package} ${issue.version ?? '(no version)'}`, issue.ecosystem && ` (${issue.ecosystem})`),
        fact('Fixed in', issue.fixed?.join(', ')),
        fact('CVSS', issue.cvss && `${issue.cvss[0].toFixed(1)} ${issue.cvss[1]}`),
        fact('EPSS', issue.epss !== undefined && `${(issue.epss * 100).toFixed(1)} % likely to be exploited within 30 days`),
        fact('Exploited', issue.kev !== undefined && (issue.kev ? `known, since ${issue.kev} at the latest` : 'known')),
        fact('Shape', row.redacted),
        fact('Asked', row.asked),
        fact('Confidence', issue.confidence),
        fact('Function', target.name),
        fact(places.length > 1 ? 'Places' : 'Place', places.length > 0 && el('ul', {}, places, more)),
        fact('Standing', STANDINGS.find(([word]) => word === row.standing)[1]),
        fact('Waived', row.waived && `by ${row.waived}`),
        fact('Fingerprint', el('code', {}, row.print))),
      el('p', { class: 'tools' }, el('a', { href: `#${anchor(row)}` }, 'Link to this finding'), also));
  };

  const draw = (row) => {
    const node = el('details', { class: `row ${row.standing}`, id: anchor(row) }, head(row));
    node.addEventListener('toggle', () => {
      if (node.open && node.childElementCount === 1) node.append(body(row));
    });
    return node;
  };

  const list = new List({
    id: 'finding-list', one: 'finding', more: 'findings', rows: data.findings, text, draw,
    hint: 'package, id, path, function',
    facets: [
      new Facet({ key: 'severity', label: 'Severity', value: (row) => row.issue.severity, words: same(SEVERITIES) }),
      new Facet({ key: 'kind', label: 'Kind', value: (row) => row.issue.kind, words: same(KINDS) }),
      new Facet({ key: 'standing', label: 'Policy', value: (row) => row.standing, words: STANDINGS }),
      new Facet({ key: 'state', label: 'State', value: (row) => row.state, words: same(['new', 'existing']) }),
      new Facet({ key: 'function', label: 'Function', value: (row) => row.target.index, words: data.names, many: true }),
    ],
  });
  const byAnchor = new Map(data.findings.map((row) => [anchor(row), row]));
  list.follow = (id) => {
    const row = byAnchor.get(id);
    if (row) list.open(row, id);
  };
  return list;
}
