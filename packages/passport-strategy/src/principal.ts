import { ProcoreAuthError } from '@procore-auth/core'

/** Returns the id of an application's user, whose grant it will be. */
export function idOf(user: Express.User): string {
  const { id } = Object(user)
  if (typeof id === 'string') return id
  if (typeof id === 'bigint' || Number.isSafeInteger(id)) return String(id)
  throw new ProcoreAuthError(
    'ERR_PROCORE_ARGUMENT_INVALID',
    'The user of the application has no id that is text or a whole number, so nobody knows whose grant this is: give the strategy the option principal: (user) => …',
  )
}
