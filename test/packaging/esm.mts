import { Controller, Get, Module, UseGuards } from '@nestjs/common'
import { createProcoreAuth, type ProcoreContext } from '@procore-auth/core'
import { FileTokenStore } from '@procore-auth/core/node'
import { procoreAuth as onExpress, requireProcore } from '@procore-auth/express'
import { requireProcore as inFastify, procoreAuth as onFastify } from '@procore-auth/fastify'
import { requireProcore as inFetch, procoreAuth as onFetch } from '@procore-auth/fetch'
import { requireProcore as inKoa, procoreAuth as onKoa } from '@procore-auth/koa'
import { Procore, ProcoreAuthModule, ProcoreGuard } from '@procore-auth/nestjs'
import { ProcoreStrategy } from '@procore-auth/passport-strategy'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import passport from 'passport'

const auth = createProcoreAuth({
  environment: 'sandbox',
  clientId: 'client-1',
  clientSecret: 'secret-1',
  redirectUri: 'https://app.example/auth/procore/callback',
  secret: 'an own secret of 32 characters or more',
  tokenStore: new FileTokenStore({ directory: 'grants' }),
})

const app = express()
app.use(onExpress(auth))
app.get('/me', requireProcore(), async (req, res) => {
  const login: string | undefined = req.procore.user?.login
  res.json({ login, me: await req.procore.client.get('/rest/v1.0/me') })
})

const strategy = new ProcoreStrategy({ auth }, (_access, _refresh, profile, done) => {
  done(null, { id: profile.id })
})
passport.use(strategy)
app.use(strategy.attach())

const koa = new Koa()
koa.use(onKoa(auth))
koa.use(inKoa())
koa.use(async (ctx) => {
  ctx.body = ctx.procore.user?.login
})

const server = fastify()
await server.register(onFastify, { auth })
server.get('/me', { onRequest: inFastify() }, async (request) => request.procore.user)

export const GET = onFetch(auth)(inFetch((request) => Response.json(request.procore.user)))

@Controller()
class AppController {
  @Get('me')
  @UseGuards(ProcoreGuard)
  me(@Procore() procore: ProcoreContext): string | undefined {
    return procore.user?.login
  }
}

@Module({ imports: [ProcoreAuthModule.forRoot({ auth })], controllers: [AppController] })
export class AppModule {}
