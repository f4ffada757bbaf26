import { isProcoreAuthError, type ProcoreAuthError } from '../../src/errors.js'

/** Returns the error of this package that a call ends in; fails for a success or a foreign error. */
export async function rejection(call: Promise<unknown>): Promise<ProcoreAuthError> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('value' in outcome) throw new Error('expected a rejection, got a value')
  if (!isProcoreAuthError(outcome.error)) throw outcome.error
  return outcome.error
}

/** Returns the code of the error that a call ends in. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return (await rejection(call)).code
}

/** Returns the error of this package that a function throws. */
export function thrown(call: () => unknown): ProcoreAuthError {
  try {
    call()
  } catch (error) {
    if (isProcoreAuthError(error)) return error
    throw error
  }
  throw new Error('expected an exception, got a value')
}
