import { HttpException, UnauthorizedException } from '@nestjs/common'
import type { AuthResponse, ProcoreAuthError } from '@procore-auth/core'

/**
 * Returns Nest's exception for an error of procore-auth: its status, its code, and the sentence that
 * may be shown. The error itself is the `cause`. For exception filters of your own.
 */
export function toHttpException(error: ProcoreAuthError): HttpException {
  const { status, code, summary } = error
  const body = { statusCode: status, error: code, message: summary }
  return new HttpException(body, status, { cause: error })
}

const answers = new WeakMap<object, AuthResponse>()

/** Returns the exception by which the guard refuses a request: 401, or 302 for a browser. */
export function toRefusal(answer: AuthResponse): HttpException {
  const isJson = String(answer.headers['content-type']).includes('json')
  const body: object = isJson && answer.body ? JSON.parse(answer.body) : {}
  const refusal =
    answer.status === 401
      ? new UnauthorizedException({ statusCode: 401, message: 'Unauthorized', ...body })
      : new HttpException({ statusCode: answer.status, message: 'Sign in' }, answer.status)
  answers.set(refusal, answer)
  return refusal
}

/** Returns how an exception wants to be answered, when the guard has thrown it. */
export function answerOf(exception: object): AuthResponse | undefined {
  return answers.get(exception)
}
