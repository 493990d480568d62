import type { Reader } from './io';

export const VERSION: string = '1.0';
const enum Color { Red, Green = 'g' }

export interface Store<T> extends Reader {
  readonly name: string;
  get(key: string): T | undefined;
  get(key: number): T | undefined;
  onChange?: (value: T) => void;
}

export type Result<T> =
  | { ok: true; value: T }
  | { ok: false; error: Error };

export function parse(text: string): number;
export function parse(text: Buffer, encoding: string): number;
export function parse(text: any, encoding?: string): number {
  return Number(text);
}

@Injectable()
export abstract class Cart<T extends object> implements Store<T> {
  private static count = 0;
  readonly name = 'cart';

  constructor(private readonly items: T[], public owner?: string) {}

  get(key: string): T | undefined;
  get(key: number): T | undefined;
  get(key: unknown): T | undefined {
    return undefined;
  }

  @Log('count')
  // kept
  count(): number {
    return 1;
  }

  abstract close(): Promise<void>;

  handle = async <K extends keyof T>(key: K): Promise<T[K]> => this.items[0][key];
}

export namespace Util {
  export const LIMIT = 5;
  export function clamp(value: number, max = LIMIT): number {
    return Math.min(value, max);
  }
}

declare module 'express' {
  interface Request {
    user: string;
  }
}

declare function external(name: string): void;

export default function main(): void {
  const run = (): void => {};
  run();
}

export const reducer = (state: State, action: Action): State => ({ ...state });
