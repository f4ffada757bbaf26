import type { ProcoreClient, ProcoreUser } from '@procore-auth/core'
import { requireProcore as requireOfExpress } from '@procore-auth/express'
import {
  type ProcoreProfile,
  ProcoreStrategy,
  requireProcore,
  TokenError,
} from '@procore-auth/passport-strategy'
import express from 'express'
import { Passport, type Strategy } from 'passport'
import { describe, expect, expectTypeOf, it } from 'vitest'

const options = {
  environment: 'sandbox',
  clientID: 'client-1',
  clientSecret: 'secret-1',
  callbackURL: 'http://localhost:4567/auth/procore/callback',
  secret: 'an own secret of 32 characters or more',
} as const

describe('the types', () => {
  it('know what verify is given', () => {
    new ProcoreStrategy(options, (accessToken, refreshToken, profile, done) => {
      expectTypeOf(accessToken).toEqualTypeOf<string>()
      expectTypeOf(refreshToken).toEqualTypeOf<string>()
      expectTypeOf(profile).toEqualTypeOf<ProcoreProfile>()
      done(null, { id: profile.id })
      done(new Error('no'))
      done(null, false, { message: 'no' })
    })
    new ProcoreStrategy({ ...options, passReqToCallback: true }, (req, _a, _r, profile, done) => {
      expectTypeOf(req.procore.client).toEqualTypeOf<ProcoreClient>()
      expectTypeOf(profile).toEqualTypeOf<ProcoreProfile>()
      done(null, req.user)
    })
  })

  it('are what Passport and Express take', () => {
    const strategy = new ProcoreStrategy(options, (_access, _refresh, _profile, done) => done())
    expectTypeOf(strategy).toExtend<Strategy>()
    const passport = new Passport()
    passport.use(strategy)
    passport.use('second', strategy)
    const app = express()
    app.use(passport.session(), strategy.attach())
    app.get('/callback', passport.authenticate('procore'), (req, res) => {
      expectTypeOf(req.authInfo?.returnTo).toEqualTypeOf<string | undefined>()
      res.redirect(req.authInfo?.returnTo ?? '/')
    })
    app.get('/projects', requireProcore(), (req, res) => {
      expectTypeOf(req.procore.user).toEqualTypeOf<ProcoreUser | undefined>()
      res.end()
    })
  })

  it('stand beside those of the adapter for Express, whose guard works as well', () => {
    const app = express()
    app.get('/projects', requireOfExpress(), requireProcore(), (req, res) => {
      expectTypeOf(req.procore.client).toEqualTypeOf<ProcoreClient>()
      res.end()
    })
  })

  it('know the error classes', () => {
    const error: unknown = new TokenError('no', 'invalid_grant')
    expect(error instanceof TokenError && error.code).toBe('invalid_grant')
  })
})
