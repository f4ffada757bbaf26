import type { ProcoreAuthError } from './errors.js'
import type { ProcoreUser } from './token-set.js'

/** What happened, by name, and what a listener is told. No event carries a token. */
export interface ProcoreAuthEvents {
  /** A user signed in and the grant is stored. */
  'signed-in': { readonly principal: string; readonly user: ProcoreUser }
  /** A sign-in ended without a grant; `error.code` says why. */
  'sign-in-failed': { readonly error: ProcoreAuthError }
  /** A user signed out; the grant lives on. */
  'signed-out': { readonly principal: string }
  /** A refresh brought a new pair, and it is stored. */
  'tokens-refreshed': { readonly principal: string; readonly expiresAt: number }
  /** A refresh brought nothing; the grant is untouched and is tried again with the next call. */
  'refresh-failed': { readonly principal: string; readonly error: ProcoreAuthError }
  /** A grant no longer works. Sent once per grant, by the process that noticed. */
  'reauthorization-required': {
    readonly principal: string
    readonly reason: string
    readonly since: number
  }
  /** A grant was revoked at Procore and deleted here. */
  disconnected: { readonly principal: string }
}

export type ProcoreAuthEventName = keyof ProcoreAuthEvents

/** Told of one event; what it returns is awaited, what it throws becomes a process warning. */
export type ProcoreAuthListener<Name extends ProcoreAuthEventName> = (
  event: ProcoreAuthEvents[Name],
) => void | Promise<void>

type Listeners = { [Name in ProcoreAuthEventName]: Set<ProcoreAuthListener<Name>> }

/** An event emitter whose `emit` resolves when the last listener is done. */
export class EventBus {
  readonly #listeners: Listeners = {
    'signed-in': new Set(),
    'sign-in-failed': new Set(),
    'signed-out': new Set(),
    'tokens-refreshed': new Set(),
    'refresh-failed': new Set(),
    'reauthorization-required': new Set(),
    disconnected: new Set(),
  }

  /**
   * Adds a listener.
   *
   * @returns a function that removes it again
   */
  on<Name extends ProcoreAuthEventName>(
    name: Name,
    listener: ProcoreAuthListener<Name>,
  ): () => void {
    const listeners: Set<ProcoreAuthListener<Name>> = this.#listeners[name]
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  /**
   * Calls the listeners side by side and waits for all. A listener that throws does not undo what
   * it was told of: its error is shown as a process warning, code `PROCORE_AUTH_LISTENER_FAILED`.
   */
  async emit<Name extends ProcoreAuthEventName>(
    name: Name,
    event: ProcoreAuthEvents[Name],
  ): Promise<void> {
    const listeners: Set<ProcoreAuthListener<Name>> = this.#listeners[name]
    const results = await Promise.allSettled([...listeners].map(async (listen) => listen(event)))
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      process.emitWarning(`A listener of "${name}" failed: ${describe(result.reason)}`, {
        code: 'PROCORE_AUTH_LISTENER_FAILED',
      })
    }
  }
}

function describe(reason: unknown): string {
  return reason instanceof Error ? `${reason.name}: ${reason.message}` : typeof reason
}
