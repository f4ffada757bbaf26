import type { ProcoreContext, ProcoreUser } from '@procore-auth/core'
import { type ProcoreRequest, procoreAuth, requireProcore } from '@procore-auth/fetch'
import { Hono } from 'hono'
import { describe, expectTypeOf, it } from 'vitest'

/** As frameworks have them. */
interface OwnRequest extends Request {
  readonly nextUrl: URL
}
interface RouteContext {
  readonly params: Promise<{ readonly id: string }>
}

const withProcore = procoreAuth({
  environment: 'sandbox',
  clientId: 'client-1',
  clientSecret: 'secret-1',
  redirectUri: 'http://localhost:4567/auth/procore/callback',
  secret: 'an own secret of 32 characters or more',
  principal: ({ raw }) => raw.headers.get('x-user') ?? undefined,
  onSignIn: ({ request }) => request?.raw.method === 'GET',
})

describe('the types of a handler', () => {
  it('know request.procore without a cast', () => {
    const serve = withProcore((request) => {
      expectTypeOf(request.procore).toEqualTypeOf<ProcoreContext>()
      expectTypeOf(request.procore.user).toEqualTypeOf<ProcoreUser | undefined>()
      return new Response()
    })
    expectTypeOf(serve).toExtend<(request: Request) => Promise<Response>>()
  })

  it("keep the framework's own request and its other arguments", () => {
    const route = withProcore(
      requireProcore(async (request: ProcoreRequest<OwnRequest>, { params }: RouteContext) => {
        expectTypeOf(request.nextUrl).toEqualTypeOf<URL>()
        expectTypeOf((await params).id).toEqualTypeOf<string>()
        return Response.json(await request.procore.client.get('/rest/v1.0/me'))
      }),
    )
    expectTypeOf(route).toEqualTypeOf<
      (request: OwnRequest, context: RouteContext) => Promise<Response>
    >()
  })

  it('let a handler return nothing after login()', () => {
    withProcore(({ procore }) => {
      if (procore.isAuthenticated) return Response.json(procore.user)
      procore.login()
      return undefined
    })
  })

  it('fit handlers of Hono', () => {
    const projects = requireProcore(async ({ procore }) =>
      Response.json(await procore.client.forCompany(42).get('/rest/v1.0/projects')),
    )
    new Hono().get('/projects', (c) => projects(c.req.raw))
  })
})
