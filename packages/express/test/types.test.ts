import type { ProcoreClient, ProcoreUser } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/express'
import express5 from 'express'
import express4 from 'express4'
import { describe, expectTypeOf, it } from 'vitest'

const auth = () =>
  procoreAuth({
    environment: 'sandbox',
    clientId: 'client-1',
    clientSecret: 'secret-1',
    redirectUri: 'http://localhost:4567/auth/procore/callback',
    secret: 'an own secret of 32 characters or more',
    principal: ({ raw }) => raw.headers['x-user']?.toString(),
    onSignIn: ({ request }) => request?.raw.method === 'GET',
  })

describe('the types of a handler', () => {
  it('know req.procore without a cast with Express 5', () => {
    const app = express5()
    app.use(auth())
    app.use('/app', auth())
    app.get('/projects', requireProcore(), async (req, res) => {
      expectTypeOf(req.procore.client).toEqualTypeOf<ProcoreClient>()
      expectTypeOf(req.procore.user).toEqualTypeOf<ProcoreUser | undefined>()
      res.json(await req.procore.client.forCompany(42).get('/rest/v1.0/projects'))
    })
    express5.Router().use(auth(), requireProcore())
  })

  it('know req.procore without a cast with Express 4', () => {
    const app = express4()
    app.use(auth())
    app.use('/app', auth())
    app.get('/projects', requireProcore(), (req, res, next) => {
      expectTypeOf(req.procore.client).toEqualTypeOf<ProcoreClient>()
      expectTypeOf(req.procore.user).toEqualTypeOf<ProcoreUser | undefined>()
      req.procore.client.get('/rest/v1.0/me').then((me) => res.json(me), next)
    })
    express4.Router().use(auth(), requireProcore())
  })
})
