/** What came of calls that a process made at once. */
export interface Calls {
  readonly calls: number
  /** Codes of the errors of those that failed. */
  readonly failures: readonly string[]
}

/** What the primary asks a process for: calls to Procore as a user, answered with {@link Calls}. */
export interface CallProcore {
  readonly principal: string
  readonly calls: number
}

/** What a process tells or asks the primary. */
export type ToPrimary = Ready | AboutUser

/** From now on the process can be asked; before, it would not hear. */
interface Ready {
  readonly kind: 'ready'
}

/** About one user; answered with the user's `Board`. */
export type AboutUser = { readonly principal: string } & (
  | { readonly kind: 'show' }
  | { readonly kind: 'expire' }
  | { readonly kind: 'call-from-everywhere' }
  | ({ readonly kind: 'called' } & Calls)
  | { readonly kind: 'refreshed' }
)
