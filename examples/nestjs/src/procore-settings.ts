import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import type { ProcoreAuthModuleOptions, ProcoreAuthOptionsFactory } from '@procore-auth/nestjs'
import { createSimulator, type Simulator } from '@procore-auth/simulator'

/** Where sign-in leads to: without an app of your own, to an offline Procore. */
@Injectable()
export class ProcoreSettings implements ProcoreAuthOptionsFactory, OnApplicationShutdown {
  #simulator: Simulator | undefined

  async createProcoreAuthOptions(): Promise<ProcoreAuthModuleOptions> {
    const { PORT = '4567', PROCORE_CLIENT_ID } = process.env
    // No options stand for the PROCORE_* variables.
    if (PROCORE_CLIENT_ID) return {}
    const redirectUri = `http://localhost:${PORT}/auth/procore/callback`
    this.#simulator = await createSimulator({ redirectUris: [redirectUri] })
    const { app, apiOrigin, loginOrigin, users } = this.#simulator
    console.log(`An offline Procore: log in as ${users[0]?.login}, password ${users[0]?.password}`)
    return {
      environment: { loginOrigin, apiOrigin },
      ...app,
      redirectUri,
      secret: app.clientSecret,
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#simulator?.close()
  }
}
