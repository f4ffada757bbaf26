import type { ApplicationProcess, StoreStep } from './application.js'
import type { Site } from './site.js'

/** A step of a refresh: seen in the store, or on the way to Procore. */
export type Step = StoreStep | 'before-commit' | 'after-commit'

/** A refresh that has stopped at a step. */
export interface Stopped {
  readonly principal: string
  /** Fails when the process ends first. */
  readonly ended: ReturnType<ApplicationProcess['call']>
  /** Lets it go on. */
  goOn(): void
}

/** Lets a process refresh an expired grant, and resolves when that has come to a step. */
export async function stopAt(
  site: Site,
  process: ApplicationProcess,
  where: { readonly principal: string; readonly step: Step; readonly auth: Site['options'] },
): Promise<Stopped> {
  const { principal, step, auth } = where
  const order = { auth, principal, calls: 1 }
  if (step === 'before-commit' || step === 'after-commit') {
    const hold = site.wire.hold(principal, step)
    const ended = process.call(order)
    await hold.reached
    return { principal, ended, goOn: hold.release }
  }
  const ended = process.call({ ...order, stopAt: step })
  await process.reached(principal)
  return { principal, ended, goOn: () => process.goOn() }
}
