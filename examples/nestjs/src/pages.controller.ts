import { Controller, Get, Header, UseGuards } from '@nestjs/common'
import type { ProcoreContext } from '@procore-auth/core'
import { Procore, ProcoreGuard, ProcoreUser } from '@procore-auth/nestjs'
import { projectsPage, welcomePage } from './pages.js'

@Controller()
export class PagesController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  welcome(@ProcoreUser() user: ProcoreUser | undefined): string {
    return welcomePage(user)
  }

  @Get('projects')
  @UseGuards(ProcoreGuard)
  @Header('content-type', 'text/html; charset=utf-8')
  projects(@Procore() procore: ProcoreContext): Promise<string> {
    return projectsPage(procore.user, procore.client)
  }
}
