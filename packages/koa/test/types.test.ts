import Router from '@koa/router'
import type { ProcoreClient, ProcoreContext, ProcoreUser } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/koa'
import Koa from 'koa'
import mount from 'koa-mount'
import { describe, expectTypeOf, it } from 'vitest'

const auth = () =>
  procoreAuth({
    environment: 'sandbox',
    clientId: 'client-1',
    clientSecret: 'secret-1',
    redirectUri: 'http://localhost:4567/auth/procore/callback',
    secret: 'an own secret of 32 characters or more',
    principal: ({ raw }) => raw.cookies.get('user') ?? raw.get('x-user'),
    onSignIn: ({ request }) => request?.raw.method === 'GET',
  })

describe('the types of a handler', () => {
  it('know ctx.procore without a cast', () => {
    const app = new Koa()
    app.use(auth()).use(requireProcore())
    app.use(mount('/app', auth()))
    app.use(async (ctx) => {
      expectTypeOf(ctx.procore).toEqualTypeOf<ProcoreContext>()
      expectTypeOf(ctx.procore.user).toEqualTypeOf<ProcoreUser | undefined>()
      ctx.body = await ctx.procore.client.forCompany(42).get('/rest/v1.0/projects')
    })
  })

  it('know ctx.procore with a state and a context of their own, and keep both', () => {
    const app = new Koa<{ readonly visits: number }, { readonly tenant: string }>()
    app
      .use(auth())
      .use(requireProcore())
      .use((ctx) => {
        expectTypeOf(ctx.procore.client).toEqualTypeOf<ProcoreClient>()
        expectTypeOf(ctx.state.visits).toEqualTypeOf<number>()
        expectTypeOf(ctx.tenant).toEqualTypeOf<string>()
      })
  })

  it('know ctx.procore in a route of @koa/router', () => {
    const router = new Router()
    router.use(requireProcore())
    router.get('/projects/:id', requireProcore(), async (ctx) => {
      expectTypeOf(ctx.procore).toEqualTypeOf<ProcoreContext>()
      expectTypeOf(ctx.params['id']).toEqualTypeOf<string | undefined>()
      ctx.body = await ctx.procore.client.get('/rest/v1.0/me')
    })
    new Koa().use(auth()).use(router.routes()).use(router.allowedMethods())
  })
})
