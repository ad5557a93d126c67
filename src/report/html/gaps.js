const LEVELS = [['blocking', 'Blocking'], ['accepted', 'Accepted'], ['note', 'Note']];

/** The list of what could not be seen. It works as the list of findings does. */
function gaps(data) {
  const text = (row) => {
    row.text ??= [row.target.name, row.kind, row.level, row.place, row.detail, row.by].join('\n').toLowerCase();
    return row.text;
  };
  const draw = (row) => el('div', { class: `row gap ${row.level}` },
    el('span', { class: `chip ${row.level}` }, row.level),
    el('span', { class: 'what' },
      el('span', { class: 'title' }, row.detail), ' ',
      el('span', { class: 'where' },
        el('span', { class: 'kind' }, row.kind), ' ',
        el('span', { class: 'path' }, row.place), ' ',
        data.targets.length > 1 && el('span', { class: 'target' }, `in ${row.target.name}`), ' ',
        row.accepted && el('span', { class: 'mark' }, `accepted by ${row.accepted}`))));
  const kinds = [...new Set(data.gaps.map((row) => row.kind))].sort();
  return new List({
    id: 'gap-list', one: 'gap', more: 'gaps', rows: data.gaps, text, draw, weight: (row) => row.count ?? 1,
    hint: 'kind, path, function',
    facets: [
      new Facet({ key: 'level', label: 'Level', value: (row) => row.level, words: LEVELS }),
      new Facet({ key: 'kind', label: 'Kind', value: (row) => row.kind, words: same(kinds) }),
      new Facet({ key: 'function', label: 'Function', value: (row) => row.target.index, words: data.names, many: true }),
    ],
  });
}
