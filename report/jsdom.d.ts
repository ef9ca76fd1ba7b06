/** The part of jsdom that pictures and their tests need; it ships no types of its own. */
declare module 'jsdom' {
  export class VirtualConsole {
    on(event: 'jsdomError', listener: (error: Error) => void): this;
  }
  export interface JSDOMOptions {
    readonly runScripts?: 'dangerously';
    readonly contentType?: string;
    readonly virtualConsole?: VirtualConsole;
  }
  export class JSDOM {
    constructor(markup?: string, options?: JSDOMOptions);
    readonly window: { readonly document: object };
  }
}
