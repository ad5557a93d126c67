/**
 * One way to filter a list: boxes to tick, or a choice among many. Nothing chosen lets everything through.
 * `value` gives a row's word, `words` the words in their order with what people read for them.
 */
class Facet {
  constructor({ key, label, value, words, many = false }) {
    Object.assign(this, { key, label, value, words, many });
    this.chosen = new Set();
    this.counts = new Map();
  }

  passes(row) {
    return this.chosen.size === 0 || this.chosen.has(this.value(row));
  }

  /** The control, or nothing where all rows have the same word. */
  control(rows, changed) {
    const present = new Set(rows.map(this.value));
    this.words = this.words.filter(([word]) => present.has(word));
    if (this.words.length < 2) return undefined;
    return this.many ? this.#choice(changed) : this.#boxes(changed);
  }

  #boxes(changed) {
    this.boxes = this.words.map(([word, text]) => {
      const box = el('input', { type: 'checkbox', name: this.key, value: word });
      const figure = el('span', { class: 'figure' });
      box.addEventListener('change', () => {
        if (box.checked) this.chosen.add(word);
        else this.chosen.delete(word);
        changed();
      });
      return { word, box, figure, label: el('label', { class: `box ${word}` }, box, el('span', {}, text), figure) };
    });
    return el('fieldset', {}, el('legend', {}, this.label), this.boxes.map(({ label }) => label));
  }

  #choice(changed) {
    const options = this.words.map(([word, text]) => el('option', { value: word }, text));
    this.select = el('select', { name: this.key }, el('option', { value: '' }, 'All'), options);
    this.select.addEventListener('change', () => {
      this.chosen = new Set(this.select.value === '' ? [] : [this.select.value]);
      changed();
    });
    return el('label', { class: 'choice' }, el('span', {}, this.label), this.select);
  }

  choose(words) {
    this.chosen = new Set(words);
    for (const { word, box } of this.boxes ?? []) box.checked = this.chosen.has(word);
    if (this.select) this.select.value = words[0] ?? '';
  }

  /** Shows beside each box how many rows a tick would bring. */
  tell() {
    for (const { word, figure, label } of this.boxes ?? []) {
      const n = this.counts.get(word) ?? 0;
      figure.textContent = count(n);
      label.classList.toggle('none', n === 0);
    }
  }
}
