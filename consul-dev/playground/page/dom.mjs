// Small helpers for the document: they create elements, and write only what has changed, so that a
// state that says the same again costs no layout.

const SVG = 'http://www.w3.org/2000/svg';

function create(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
    node.append(...children);
    return node;
}

export const element = (name, attributes = {}, ...children) =>
    create(document.createElement(name), attributes, children);

export const svg = (name, attributes = {}, ...children) =>
    create(document.createElementNS(SVG, name), attributes, children);

export const byId = id => document.getElementById(id);

// null or false removes the attribute; true sets it without a value.
export function setAttribute(node, name, value) {
    if (value === null || value === undefined || value === false) {
        if (node.hasAttribute(name)) node.removeAttribute(name);
        return;
    }
    const text = value === true ? '' : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

export function setText(node, text) {
    if (node.textContent !== String(text)) node.textContent = text;
}

// A disabled button loses the focus, so it only says that it is disabled; the handler asks isEnabled().
export function setEnabled(button, enabled, why = '') {
    setAttribute(button, 'aria-disabled', enabled ? null : 'true');
    setAttribute(button, 'title', enabled || !why ? null : why);
}

export const isEnabled = button => button.getAttribute('aria-disabled') !== 'true';

// Makes the children of `parent` those of `keys`, in this order; keeps the children that exist.
// make(key) creates a child, update(child, key, index) fills it in.
export function keepChildren(parent, keys, make, update) {
    const known = new Map([...parent.children].map(child => [child.dataset.key, child]));
    keys.forEach((key, index) => {
        let child = known.get(String(key));
        known.delete(String(key));
        if (!child) {
            child = make(key);
            child.dataset.key = key;
        }
        if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
        update(child, key, index);
    });
    for (const child of known.values()) child.remove();
}
