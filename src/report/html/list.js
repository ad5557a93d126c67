/** Rows on a page, and rows that are printed: more would fill no wall and no shelf. */
const PAGE = 50;
const PRINTED = 2000;
/** What a search looks for, all of it in one row: words, and phrases in quotation marks. */
const words = (text) => (text.match(/"[^"]+"|\S+/g) ?? []).map((word) => word.replace(/^"(.+)"$/, '$1'));
/** Milliseconds of silence before a search begins. */
const PAUSE = 120;

/**
 * A list with search, filters and pages. Only the rows of one page are in the document.
 * `text` gives what the search looks at in lower case, `draw` the element of a row, `weight` how many a row stands for.
 */
class List {
  constructor({ id, one, more, rows, facets, text, draw, weight = () => 1, hint }) {
    Object.assign(this, { id, one, more, rows, facets, text, draw, weight });
    this.shown = rows;
    this.page = 0;
    this.place = document.getElementById(id);
    if (!this.place || rows.length === 0) return;
    this.#build(hint);
    this.apply();
  }

  #build(hint) {
    const changed = () => this.apply();
    this.search = el('input', { type: 'search', placeholder: hint, autocomplete: 'off', spellcheck: 'false' });
    let timer;
    this.search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(changed, PAUSE);
    });
    this.reset = el('button', { type: 'button', class: 'quiet' }, 'Clear filters');
    this.reset.addEventListener('click', () => {
      this.clear();
      this.search.focus();
    });
    const find = el('label', { class: 'search' }, el('span', {}, `Search ${this.more}`), this.search);
    const controls = this.facets.map((facet) => facet.control(this.rows, changed));
    const choices = this.facets.map((facet, i) => facet.many && controls[i]);
    const boxes = this.facets.map((facet, i) => !facet.many && controls[i]);
    const form = el('form', { class: 'filters', role: 'search', 'aria-label': `Filter ${this.more}` },
      el('div', { class: 'line' }, find, choices, this.reset), el('div', { class: 'line' }, boxes));
    form.addEventListener('submit', (event) => event.preventDefault());
    this.status = el('p', { class: 'status', role: 'status' });
    this.body = el('div', { class: 'rows' });
    this.body.addEventListener('keydown', (event) => this.#walk(event));
    this.back = this.#turn('Previous page', -1);
    this.forth = this.#turn('Next page', 1);
    this.number = el('span');
    this.pages = el('nav', { class: 'pages', 'aria-label': `Pages of ${this.more}` }, this.back, this.number, this.forth);
    this.place.replaceChildren(form, this.status, this.body, this.pages);
  }

  #turn(text, step) {
    const button = el('button', { type: 'button' }, text);
    button.addEventListener('click', () => {
      this.page += step;
      this.render();
      this.place.scrollIntoView({ block: 'start' });
    });
    return button;
  }

  /** Arrow keys go from row to row. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches('summary')) return;
    const heads = [...this.body.querySelectorAll('summary')];
    const next = heads[heads.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  /** Finds the rows that pass. A facet counts what passes all the others: what a tick would bring. */
  apply() {
    const terms = words(this.search.value.toLowerCase());
    for (const facet of this.facets) facet.counts.clear();
    this.shown = this.rows.filter((row) => {
      if (!terms.every((term) => this.text(row).includes(term))) return false;
      const failing = this.facets.filter((facet) => !facet.passes(row));
      for (const facet of failing.length === 0 ? this.facets : failing.length === 1 ? failing : []) {
        const word = facet.value(row);
        facet.counts.set(word, (facet.counts.get(word) ?? 0) + this.weight(row));
      }
      return failing.length === 0;
    });
    for (const facet of this.facets) facet.tell();
    this.filtered = terms.length > 0 || this.facets.some((facet) => facet.chosen.size > 0);
    this.reset.hidden = !this.filtered;
    this.page = 0;
    this.render();
  }

  render(size = PAGE) {
    const start = this.page * size;
    const part = this.shown.slice(start, start + size);
    this.body.replaceChildren(...part.map(this.draw));
    const last = Math.max(Math.ceil(this.shown.length / size), 1);
    this.pages.hidden = last === 1;
    this.number.textContent = `Page ${this.page + 1} of ${count(last)}`;
    this.back.disabled = this.page === 0;
    this.forth.disabled = this.page === last - 1;
    const total = (rows) => rows.reduce((sum, row) => sum + this.weight(row), 0);
    const found = plural(total(this.shown), this.one, this.more);
    const range = last > 1 ? `, ${count(start + 1)} to ${count(start + part.length)} shown` : '';
    this.status.textContent = part.length === 0
      ? `No ${this.more} match. Clear the filters to see all ${count(total(this.rows))}.`
      : this.filtered ? `${found} of ${count(total(this.rows))} match${range}` : `${found}${range}`;
  }

  clear() {
    this.only({});
  }

  /** Shows what a search finds and what has these words, by the facets' keys; nothing else. */
  only({ search = '', ...words }) {
    this.search.value = search;
    for (const facet of this.facets) facet.choose(words[facet.key] ?? []);
    this.apply();
  }

  /** Turns to the page of a row, whatever is filtered, and opens it. */
  open(row, id) {
    if (!this.shown.includes(row)) this.clear();
    this.page = Math.floor(this.shown.indexOf(row) / PAGE);
    this.render();
    const node = document.getElementById(id);
    node.open = true;
    node.scrollIntoView({ block: 'start' });
    node.querySelector('summary').focus({ preventScroll: true });
  }

  /** On paper there are no pages to turn. */
  print(on) {
    if (!this.body) return;
    const page = this.page;
    this.page = on ? 0 : this.before;
    this.before = page;
    this.render(on ? PRINTED : PAGE);
  }
}
