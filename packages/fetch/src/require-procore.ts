import { assertAttached, guardAttached } from '@procore-auth/core'
import { toResponse } from './respond.js'
import type { ProcoreHandler } from './types.js'

const FIX = 'requireProcore() needs the wrapper that procoreAuth() returned around it'

/**
 * Lets a request reach a handler when somebody is signed in and connected. A browser that opens a page
 * is sent to login and comes back; an API caller gets 401 with JSON.
 *
 * @example
 * export const GET = withProcore(requireProcore(async (request) => …))
 */
export function requireProcore<Raw extends Request, Rest extends readonly unknown[], Result>(
  handler: ProcoreHandler<Raw, Rest, Result>,
): (request: Raw, ...rest: Rest) => Promise<Result | Response> {
  return async (request, ...rest) => {
    assertAttached(request, FIX)
    const answer = await guardAttached(request, FIX)
    return answer ? toResponse(request, answer) : handler(request, ...rest)
  }
}
