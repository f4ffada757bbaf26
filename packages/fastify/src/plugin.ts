import { attachProcore, ConfigurationError, resolveProcoreAuth } from '@procore-auth/core'
import { toAuthRequest } from '@procore-auth/core/node'
import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import { isOptions, type ProcorePluginOptions } from './options.js'
import { respond, toReply } from './respond.js'
import { routesBelow } from './routes.js'

const FIX = 'procoreAuth is a plugin of Fastify 5: await app.register(procoreAuth, options)'
const TOO_EARLY = 'register procoreAuth before what uses request.procore in the hook onRequest'

/**
 * Serves the routes of sign-in and attaches `request.procore`, in the scope that it is registered in.
 * On any other request nothing is read or verified until `request.procore` is touched.
 *
 * @throws {ConfigurationError} when it is loaded, naming every fault
 * @example
 * await app.register(procoreAuth)
 */
export const procoreAuth: FastifyPluginCallback<ProcorePluginOptions> = (app, options, done) => {
  if (typeof app?.addHook !== 'function') throw new ConfigurationError([FIX])
  install(app, options).then(() => done(), done)
}

async function install(app: FastifyInstance, options: ProcorePluginOptions): Promise<void> {
  if (!app.version.startsWith('5.')) throw new ConfigurationError([`${FIX}, not ${app.version}`])
  const auth = resolveProcoreAuth(options.auth ?? (isOptions(options) ? options : undefined))
  if (!app.hasRequestDecorator('procore')) app.decorateRequest('procore', { getter: refuse })
  app.addHook('onRequest', (request, reply, next) => {
    attachProcore(auth, { request: toAuthRequest(request), reply: toReply(reply) }, request)
    next()
  })
  for (const url of routesBelow(auth, app)) {
    app.all(url, {
      // Before Fastify looks at a body, so that no parser is needed for the forms of a browser.
      onRequest: async (request, reply) => {
        const answer = await auth.handle(toAuthRequest(request))
        return answer && respond(reply, answer)
      },
      handler: (_request, reply) => reply.callNotFound(),
    })
  }
}

function refuse(): never {
  throw new ConfigurationError([TOO_EARLY])
}

// Marks that Fastify reads: it names the plugin and gives it no scope of its own.
Object.assign(procoreAuth, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('plugin-meta')]: { name: '@procore-auth/fastify' },
})
