/** The time that relative labels are computed from; it ticks slowly. */

const TICK_MS = 20_000;

class Clock {
  now = $state(Date.now());

  start(): () => void {
    const timer = setInterval(() => (this.now = Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }
}

export const clockState = new Clock();
