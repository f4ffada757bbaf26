import type { ServerResponse } from 'node:http'
import type { AuthResponse } from '@procore-auth/core'
import { sendAuthResponse } from '@procore-auth/core/node'

/** Sends what comes, passes the request on when nothing does, and hands every error to Express. */
export async function respond(
  pending: Promise<AuthResponse | undefined>,
  res: ServerResponse,
  next: (error?: unknown) => void,
): Promise<void> {
  let answer: AuthResponse | undefined
  try {
    answer = await pending
    if (answer) sendAuthResponse(res, answer)
  } catch (error) {
    next(error)
    return
  }
  if (!answer) next()
}
