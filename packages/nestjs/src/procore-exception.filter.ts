import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common'
import { BaseExceptionFilter, type HttpAdapterHost } from '@nestjs/core'
import { isProcoreAuthError, type ProcoreAuthError } from '@procore-auth/core'
import { answerOf, toHttpException } from './exceptions.js'
import { replyWith } from './mount.js'

/** Nest picks a filter with `instanceof`, which must hold for errors of another copy of core, too. */
const OURS = Object.defineProperty(class {}, Symbol.hasInstance, {
  value: (value: object) => isProcoreAuthError(value) || answerOf(value) !== undefined,
})

/** Answers what the guard refuses, and errors of procore-auth as Nest's exceptions. */
@Catch(OURS)
export class ProcoreExceptionFilter implements ExceptionFilter {
  readonly #host: HttpAdapterHost
  readonly #logger = new Logger('ProcoreAuth')

  constructor(host: HttpAdapterHost) {
    this.#host = host
  }

  catch(exception: ProcoreAuthError, host: ArgumentsHost): unknown {
    const { httpAdapter } = this.#host
    const response = host.getArgByIndex(1)
    const answer = answerOf(exception)
    if (answer) return replyWith(httpAdapter, response).send(answer)
    const mapped = toHttpException(exception)
    const type = host.getType<string>()
    // Leaves it to the filter of the context, such as a microservice's.
    if (type !== 'http' && type !== 'graphql') return undefined
    if (mapped.getStatus() >= 500) this.#logger.error(exception)
    // GraphQL answers with the error that is returned.
    return type === 'graphql' ? mapped : new BaseExceptionFilter(httpAdapter).catch(mapped, host)
  }
}
