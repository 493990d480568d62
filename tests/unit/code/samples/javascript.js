#!/usr/bin/env node
import { EventEmitter } from 'node:events';

export const VERSION = '1.0.0';
const cache = new Map(), limits = { max: 5 };
let counter = 0;

export default class Cart extends EventEmitter {
  static #instances = 0;
  items = [];

  onChange = (item) => {
    this.emit('change', item);
  };

  constructor(owner) {
    super();
    this.owner = owner;
  }

  get total() {
    return this.items.reduce((sum, item) => sum + item.price, 0);
  }

  static async load(path, { strict = false } = {}) {
    return new Cart(path);
  }
}

export function* iterate(cart) {
  function inner(x) {
    const local = 3;
    return x;
  }
  yield* cart.items.map(inner);
}

export const format = async (price) => `${price} €`;

const round = function (value) {
  return Math.round(value);
};

function Legacy(name) {
  this.name = name;
}

Legacy.prototype.describe = function () {
  return 'legacy ' + this.name;
};

module.exports = {
  describe() {
    return 'cart';
  },
  parse: (text) => JSON.parse(text),
  'quoted-name': function () {
    return 1;
  },
};

exports.helper = function (a, b) {
  return a + b;
};

const Badge = ({ label }) => <span className="badge">{label} items</span>;

const Memo = memo(function Named(props) {
  return <Badge {...props} />;
});

export { cache, Badge };
