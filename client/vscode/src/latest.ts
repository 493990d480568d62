/** Asking while somebody types. Knows nothing of VS Code. */

/** Asks the latest of some questions, once no other came for a moment; older ones are cancelled. */
export class Latest<Question, Answer> {
  private current = new AbortController();

  constructor(
    private readonly ask: (question: Question, signal: AbortSignal) => Promise<Answer>,
    private readonly pauseMs: number,
  ) {}

  /** The answer; nothing where another question came meanwhile. */
  async to(question: Question): Promise<Answer | undefined> {
    this.cancel();
    const { signal } = this.current;
    await pause(this.pauseMs, signal);
    if (signal.aborted) return undefined;
    try {
      const answer = await this.ask(question, signal);
      return isAborted(signal) ? undefined : answer;
    } catch (error) {
      if (isAborted(signal)) return undefined;
      throw error;
    }
  }

  /** Ask no more of what was asked so far. */
  cancel(): void {
    this.current.abort();
    this.current = new AbortController();
  }
}

/** Behind a call, as an abort while something was waited for is not what was seen before. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
