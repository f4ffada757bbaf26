import { Controller, Get, Injectable, Module } from '@nestjs/common'
import type * as core from '@procore-auth/core'
import {
  InjectProcoreAuth,
  Procore,
  type ProcoreAuth,
  ProcoreAuthModule,
  type ProcoreContext,
  ProcoreUser,
} from '@procore-auth/nestjs'
import { describe, expectTypeOf, it } from 'vitest'

const OPTIONS = {
  environment: 'sandbox',
  clientId: 'client-1',
  clientSecret: 'secret-1',
  redirectUri: 'http://localhost:4567/auth/procore/callback',
  secret: 'an own secret of 32 characters or more',
}

@Injectable()
class Settings {
  readonly environment = 'sandbox'
}

@Module({
  imports: [
    ProcoreAuthModule.forRoot({ ...OPTIONS, isGlobal: true }),
    ProcoreAuthModule.forRootAsync({
      name: 'other',
      inject: [Settings],
      useFactory: async (settings: Settings) => ({
        ...OPTIONS,
        environment: settings.environment,
        principal: ({ raw }: core.AuthRequest<{ readonly session?: { readonly id: string } }>) =>
          raw.session?.id,
        onSignIn: async ({ user }: core.SignIn) => user.login.endsWith('@example.com'),
      }),
    }),
  ],
})
class AppModule {}

@Controller()
class TypedController {
  readonly auth: ProcoreAuth

  constructor(@InjectProcoreAuth() auth: ProcoreAuth) {
    this.auth = auth
  }

  @Get()
  get(@Procore() procore: ProcoreContext, @ProcoreUser() user: ProcoreUser | undefined) {
    return { user, client: procore.client }
  }
}

describe('the types', () => {
  it('of this package are those of core', () => {
    expectTypeOf<ProcoreAuth>().toExtend<core.ProcoreAuth>()
    expectTypeOf<core.ProcoreAuth>().toExtend<ProcoreAuth>()
    expectTypeOf<ReturnType<TypedController['get']>>().toEqualTypeOf<{
      user: core.ProcoreUser | undefined
      client: core.ProcoreClient
    }>()
    expectTypeOf(AppModule).not.toBeAny()
  })

  it('refuse half of the options', () => {
    // @ts-expect-error a client ID alone is not enough
    ProcoreAuthModule.forRoot({ clientId: 'client-1' })
  })
})
