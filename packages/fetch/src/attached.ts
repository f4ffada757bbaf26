import type { ProcoreRequest } from './types.js'

/** Tells the compiler what `attachProcore` does to a request. */
export function assertAttached<Raw extends Request>(
  request: Raw,
): asserts request is ProcoreRequest<Raw> {
  if (!('procore' in request)) throw new TypeError('request.procore is missing')
}
