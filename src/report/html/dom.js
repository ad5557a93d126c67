'use strict';

/** Makes an element. Strings become text nodes: nothing in this script can turn a name into markup. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return node;
}

/** `1,204`. */
const count = (n) => n.toLocaleString('en');

/** `1 finding`, `1,204 findings`. */
const plural = (n, one, more) => `${count(n)} ${n === 1 ? one : more}`;

/** Where an advisory can be read. An id of any other form is shown and leads nowhere. */
const ADVISORIES = [
  [/^CVE-\d{4}-\d{4,19}$/, 'https://www.cve.org/CVERecord?id='],
  [/^GHSA(-[23456789cfghjmpqrvwx]{4}){3}$/, 'https://github.com/advisories/'],
  [/^[A-Z]{2,12}(-[A-Za-z0-9]{1,16}){1,4}$/, 'https://osv.dev/vulnerability/'],
];

function advisory(id) {
  const known = ADVISORIES.find(([form]) => form.test(id));
  return known ? el('a', { href: known[1] + id, rel: 'noopener noreferrer', target: '_blank' }, id) : id;
}

/** A line of a description list; none where there is nothing to say. */
function fact(name, ...values) {
  const said = values.flat().filter((value) => value !== undefined && value !== false && value !== '');
  return said.length ? [el('dt', {}, name), el('dd', {}, ...said)] : [];
}

/** Puts a separator between values. */
const joined = (values, separator = ', ') => values.flatMap((value, i) => (i ? [separator, value] : [value]));
