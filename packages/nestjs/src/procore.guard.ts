import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common'
import { guardAttached } from '@procore-auth/core'
import { carrierIn, fixFor } from './carrier.js'
import { toRefusal } from './exceptions.js'

/**
 * Lets a request pass when somebody is signed in and connected. A browser that opens a page is sent
 * to login and comes back; an API caller gets Nest's `UnauthorizedException`.
 *
 * @example
 * \@UseGuards(ProcoreGuard)
 */
@Injectable()
export class ProcoreGuard implements CanActivate {
  #name: string | undefined

  /** Returns the guard of one of several instances. */
  static for(name: string): ProcoreGuard {
    const guard = new ProcoreGuard()
    guard.#name = name
    return guard
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const answer = await guardAttached(carrierIn(context, this.#name), fixFor(this.#name))
    if (!answer) return true
    const { location } = answer.headers
    // Set already, so that whatever filter answers the exception, the browser finds its way.
    if (location) context.switchToHttp().getResponse<Response>().header('location', location)
    throw toRefusal(answer)
  }
}

/** What Express and Fastify have in common. */
interface Response {
  header(name: string, value: string | readonly string[]): unknown
}
