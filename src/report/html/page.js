/** Reads the data and joins what they name by number. */
function read() {
  const data = JSON.parse(document.getElementById('data').textContent);
  data.targets = data.targets.map((name, index) => ({ name, index: String(index) }));
  data.names = data.targets.map(({ name, index }) => [index, name]);
  for (const row of data.findings) {
    row.issue = data.issues[row.issue];
    row.target = data.targets[row.target];
    row.issue.rows = (row.issue.rows ?? 0) + 1;
  }
  for (const row of data.gaps) row.target = data.targets[row.target];
  return data;
}

/** The button goes round: as the system has it, light, dark. */
function theme() {
  const root = document.documentElement;
  const button = document.getElementById('theme');
  const words = ['system', 'light', 'dark'];
  // A browser may forbid pages from a disk to keep anything.
  const kept = (act) => {
    try {
      return act(localStorage);
    } catch {
      return undefined;
    }
  };
  const show = (word) => {
    root.dataset.theme = word;
    button.textContent = `Theme: ${word}`;
  };
  show(words.find((word) => word === kept((store) => store.getItem('tidewaiter-theme'))) ?? 'system');
  button.hidden = false;
  button.addEventListener('click', () => {
    const next = words[(words.indexOf(root.dataset.theme) + 1) % words.length];
    kept((store) => store.setItem('tidewaiter-theme', next));
    show(next);
  });
}

theme();
const data = read();
const lists = { findings: findings(data), gaps: gaps(data) };

/** Pictures and counts lead to what they count: `data-list`, `data-facet` and `data-value` say what to show. */
document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-list]');
  if (!link) return;
  event.preventDefault();
  const { list, facet, value } = link.dataset;
  const what = { [facet]: facet === 'search' ? value : [value] };
  // Pictures count what nobody waived.
  if (list === 'findings' && ['severity', 'kind'].includes(facet) && data.findings.some((row) => row.waived)) {
    what.standing = STANDINGS.map(([word]) => word).filter((word) => word !== 'waived');
  }
  lists[list].only(what);
  document.getElementById(list).scrollIntoView({ block: 'start' });
  lists[list].search.focus({ preventScroll: true });
});

const follow = () => lists.findings.follow(location.hash.slice(1));
window.addEventListener('hashchange', follow);
window.addEventListener('beforeprint', () => Object.values(lists).forEach((list) => list.print(true)));
window.addEventListener('afterprint', () => Object.values(lists).forEach((list) => list.print(false)));
// Until a page is loaded, the browser itself goes to the anchor and takes the focus away again.
window.addEventListener('load', () => setTimeout(follow));
