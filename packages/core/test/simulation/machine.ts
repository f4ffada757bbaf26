import type { Clock } from '../../src/clock.js'
import type { Pair } from './procore-model.js'
import type { Random } from './random.js'
import type { Timeline } from './timeline.js'

/** One request of a process: its effect happens elsewhere, its answer comes back later. */
export interface Errand<Answer> {
  /** `undefined` when it never arrives. */
  readonly effect: (() => Answer | Promise<Answer>) | undefined
  readonly effectAfterMs: number
  readonly answerAfterMs: number
  /** What the process is told instead of the answer. */
  readonly failure: Error | undefined
  /** Told when the process gets the answer or the failure. */
  readonly arrived?: () => void
}

/** A process: killed, it never hears anything again; stopped, it hears everything afterwards. */
export class Machine {
  readonly name: string
  readonly clock: Clock
  state: 'running' | 'stopped' | 'killed' = 'running'
  /** Time spent stopped. */
  stoppedMs = 0
  /** Store calls of the refresh engine under way, and calls beside it that make their own. */
  storeCalls = 0
  /** Calls that have not ended. */
  unsettled = 0
  ownCalls = 0
  /** The pair that this process gave up last. */
  marked: Pair | undefined
  /** When the store last showed a pair to this process, by pair id, in order of questions. */
  readonly seen = new Map<number, number>()
  /** When the last refresh of a pair was answered. */
  readonly answered = new Map<number, number>()
  readonly #timeline: Timeline
  readonly #random: Random
  #waiting: (() => void)[] = []

  constructor(
    timeline: Timeline,
    random: Random,
    options: { readonly name: string; readonly skewMs: number },
  ) {
    this.#timeline = timeline
    this.#random = random
    this.name = options.name
    this.clock = {
      now: () => timeline.now + options.skewMs,
      sleep: (ms) => new Promise((wake) => this.tell(timeline.now + ms, wake)),
      pause: (ms, signal) =>
        new Promise((wake) => {
          const done = (): void => {
            signal.removeEventListener('abort', done)
            wake()
          }
          signal.addEventListener('abort', done)
          this.tell(timeline.now + ms, done)
        }),
    }
  }

  /** Lets something happen inside the process, as soon as it can hear of it. */
  tell(at: number, act: () => void): void {
    this.#timeline.at(at, () => {
      if (this.state === 'running') act()
      else if (this.state === 'stopped') this.#waiting.push(act)
    })
  }

  stop(ms: number): void {
    if (this.state !== 'running') return
    this.state = 'stopped'
    this.stoppedMs += ms
    this.#timeline.after(ms, () => this.continue())
  }

  /** Answers and timers that came meanwhile are heard in any order. */
  continue(): void {
    if (this.state !== 'stopped') return
    this.state = 'running'
    const waiting = this.#waiting
    this.#waiting = []
    while (waiting.length > 0) {
      const [act] = waiting.splice(this.#random.between(0, waiting.length - 1), 1)
      if (act) this.tell(this.#timeline.now, act)
    }
  }

  kill(): void {
    this.state = 'killed'
    this.#waiting = []
  }

  send<Answer>(errand: Errand<Answer>): Promise<Answer> {
    const { now } = this.#timeline
    return new Promise((resolve, reject) => {
      let answer: (() => void) | undefined
      if (errand.effect) {
        const { effect } = errand
        this.#timeline.at(now + errand.effectAfterMs, () => {
          try {
            const result = effect()
            answer = () => resolve(result)
          } catch (error) {
            answer = () => reject(error)
          }
        })
      }
      this.tell(now + errand.answerAfterMs, () => {
        errand.arrived?.()
        if (errand.failure) reject(errand.failure)
        else answer?.()
      })
    })
  }
}
