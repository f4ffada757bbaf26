import { createProcoreAuth, type ProcoreContext, type ProcoreUser } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expectTypeOf, it } from 'vitest'
import { OPTIONS } from './support/app.js'

/** Compiled only: nothing of it runs. */
const compiled = (app: FastifyInstance): void => {
  void app.register(procoreAuth)
  void app.register(procoreAuth, { prefix: '/ignored', logLevel: 'warn' })
  void app.register(procoreAuth, { auth: createProcoreAuth(OPTIONS) })
  void app.register(procoreAuth, {
    ...OPTIONS,
    principal: ({ raw }) => raw.headers['x-user']?.toString(),
    onSignIn: ({ request }) => request?.raw.method === 'GET',
  })
  // @ts-expect-error an option that there is not
  void app.register(procoreAuth, { clientID: 'client-1' })
  // @ts-expect-error options that lack some
  void app.register(procoreAuth, { clientId: 'client-1', clientSecret: 'secret-1' })
  // @ts-expect-error both at once
  void app.register(procoreAuth, { ...OPTIONS, auth: createProcoreAuth(OPTIONS) })

  app.addHook('preHandler', requireProcore())
  app.get('/projects', { onRequest: requireProcore() }, async (request) => {
    expectTypeOf(request.procore).toEqualTypeOf<ProcoreContext>()
    expectTypeOf(request.procore.user).toEqualTypeOf<ProcoreUser | undefined>()
    return request.procore.client.forCompany(42).get('/rest/v1.0/projects')
  })
  app.get<{ Params: { id: string } }>(
    '/projects/:id',
    { preHandler: [requireProcore()] },
    async ({ params, procore }) => {
      expectTypeOf(params.id).toEqualTypeOf<string>()
      expectTypeOf(procore).toEqualTypeOf<ProcoreContext>()
    },
  )
}

/** Servers and loggers of other kinds have types of their own. */
const ofOtherKinds = (): void => {
  const app = Fastify({ http2: true })
  void app.register(procoreAuth, OPTIONS)
  app.addHook('preHandler', requireProcore())
  app.get('/who', { onRequest: requireProcore() }, async ({ procore }) => {
    expectTypeOf(procore).toEqualTypeOf<ProcoreContext>()
  })
}

describe('the types of a handler', () => {
  it('know request.procore without a cast', () => {
    expectTypeOf(compiled).toBeFunction()
    expectTypeOf(ofOtherKinds).toBeFunction()
  })
})
