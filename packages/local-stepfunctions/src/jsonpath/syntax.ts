import type { Json } from '../json.ts';

/** Whether a node passes a filter; `root` is what `$` means inside it. */
export type FilterTest = (node: Json, root: Json) => boolean;

/** One step of a path. */
export type Segment =
  | { readonly kind: 'name'; readonly name: string }
  /** `['a','b']`: as the last step an object of the members that exist, else each of them. */
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'indexes'; readonly indexes: readonly number[] }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: 'wildcard' }
  | { readonly kind: 'filter'; readonly test: FilterTest }
  /** `..`: the node and everything below it, in document order. */
  | { readonly kind: 'descend' };

export interface JsonPath {
  readonly source: string;
  /** Starts with `$$`: applies to the context object instead of the input. */
  readonly onContext: boolean;
  /** `name` if it starts with `$name`: applies to that variable instead of the input. */
  readonly variable: string | undefined;
  readonly segments: readonly Segment[];
  /** Selects at most one node; other paths select a list. */
  readonly definite: boolean;
}

/** A path or an intrinsic call that cannot be read; the message says what and at which character. */
export class ExpressionSyntaxError extends Error {
  constructor(message: string, position?: number) {
    super(position === undefined ? message : `${message} at character ${position + 1}`);
    this.name = 'ExpressionSyntaxError';
  }
}

/** A reader's place in the text of an expression. */
export class Cursor {
  readonly text: string;
  position: number;

  constructor(text: string, position = 0) {
    this.text = text;
    this.position = position;
  }

  get current(): string {
    return this.text.charAt(this.position);
  }

  get atEnd(): boolean {
    return this.position >= this.text.length;
  }

  skipBlanks(): void {
    while (this.current === ' ' || this.current === '\t' || this.current === '\n') this.position += 1;
  }

  /** Steps over the token if it stands here. */
  take(token: string): boolean {
    if (!this.text.startsWith(token, this.position)) return false;
    this.position += token.length;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.error(`expected '${token}'`);
  }

  takeMatch(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text)?.[0];
    if (match === undefined || match === '') return undefined;
    this.position += match.length;
    return match;
  }

  /** A quoted text; a backslash escapes the quote and itself and is otherwise kept, as on AWS. */
  quoted(): string {
    const quote = this.current;
    const start = this.position;
    this.position += 1;
    let text = '';
    for (;;) {
      if (this.atEnd) throw new ExpressionSyntaxError('quote is not closed', start);
      const char = this.current;
      this.position += 1;
      if (char === quote) return text;
      if (char === '\\' && (this.current === quote || this.current === '\\')) {
        text += this.current;
        this.position += 1;
      } else {
        text += char;
      }
    }
  }

  error(message: string): ExpressionSyntaxError {
    return new ExpressionSyntaxError(message, this.position);
  }
}
