import { setImmediate as turn } from 'node:timers/promises'
import { type Figures, noFigures } from './history.js'
import { World } from './world.js'

/** Worlds that advance side by side; none can see another. It spares turns of the event loop. */
const SIDE_BY_SIDE = 64

/** A schedule in which something happened that must not. */
export interface BrokenSchedule {
  readonly seed: number
  readonly violations: readonly string[]
}

/** Runs the schedules of consecutive seeds. */
export async function runSchedules(options: {
  readonly seed: number
  readonly schedules: number
}): Promise<{ readonly figures: Figures; readonly broken: readonly BrokenSchedule[] }> {
  const figures = noFigures()
  const broken: BrokenSchedule[] = []
  const end = options.seed + options.schedules
  let next = options.seed
  let active: World[] = []
  do {
    while (active.length < SIDE_BY_SIDE && next < end) {
      active.push(new World(next, { figures, traced: false }))
      next += 1
    }
    active = active.filter((world) => {
      if (world.step()) return true
      figures.schedules += 1
      const { violations } = world.history
      if (violations.length > 0) broken.push({ seed: world.seed, violations })
      return false
    })
    await turn()
  } while (active.length > 0 || next < end)
  return { figures, broken }
}

/** Runs one schedule alone and returns all that happened in it. */
export async function traceSchedule(seed: number): Promise<readonly string[]> {
  const world = new World(seed, { figures: noFigures(), traced: true })
  while (world.step()) await turn()
  return world.history.trace
}
