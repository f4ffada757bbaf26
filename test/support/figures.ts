import type { TestContext } from 'vitest'

/** Numbers that a proof has measured, by name; of several tests they are added up. */
export type Figures = Readonly<Record<string, number>>

declare module 'vitest' {
  interface TaskMeta {
    figures?: Figures
  }
}

/** Keeps what a test has measured for the last line of the run. */
export function report({ task }: Pick<TestContext, 'task'>, figures: Figures): void {
  task.meta.figures = figures
}
