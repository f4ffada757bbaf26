import core = require('@procore-auth/core')
import node = require('@procore-auth/core/node')
import onExpress = require('@procore-auth/express')
import onFastify = require('@procore-auth/fastify')
import onFetch = require('@procore-auth/fetch')
import onKoa = require('@procore-auth/koa')
import nest = require('@procore-auth/nestjs')
import onPassport = require('@procore-auth/passport-strategy')
import postgres = require('@procore-auth/store-postgres')
import express = require('express')
import fastify = require('fastify')
import Koa = require('koa')
import pg = require('pg')

const auth = core.createProcoreAuth({
  ...core.optionsFromEnv(),
  tokenStore: new postgres.PostgresTokenStore(new pg.Pool()),
})

const app = express()
app.use(onExpress.procoreAuth(auth))
app.get('/me', onExpress.requireProcore(), (req, res) => {
  res.json(req.procore.user)
})

const koa = new Koa()
koa.use(onKoa.procoreAuth(auth))
koa.use((ctx) => {
  ctx.body = ctx.procore.user?.login
})

const server = fastify.fastify()
server.register(onFastify.procoreAuth, { auth })
server.get('/me', (request) => request.procore.user?.login)

export const GET = onFetch.procoreAuth(auth)((request) => Response.json(request.procore.user))
export const imports = [nest.ProcoreAuthModule.forRoot({ auth })]
export const strategy = new onPassport.ProcoreStrategy(
  { auth },
  (_access, _refresh, profile, done) => done(null, { id: profile.id }),
)
export const store = new node.FileTokenStore({ directory: 'grants' })
