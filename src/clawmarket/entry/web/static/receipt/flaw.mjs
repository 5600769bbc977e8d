// How a check ends early. Codes, no sentences: the page has them in every language.

/** Something in the file is not what it has to be. */
export class Flaw extends Error {
  constructor(code, values = {}) {
    super(code);
    this.code = code;
    this.values = values;
  }
}

/** A check has nothing to look at. */
export class Skip extends Flaw {}

/** A check cannot be made here, since the browser lacks something. */
export class Unable extends Flaw {}

/** A file is no receipt at all, so there is nothing to check. */
export class NotAReceipt extends Flaw {}

export function demand(holds, code, values = {}) {
  if (!holds) throw new Flaw(code, values);
}
