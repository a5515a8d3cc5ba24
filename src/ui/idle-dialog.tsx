import type { Site } from './site.ts'

/** The warning before the idle end (S12). Closed until src/browser/session.ts opens it; without script it never shows. */
export function IdleDialog({ site, signOut = '/uscita' }: { site: Site; signOut?: string }) {
  const texts = site.messages.common.idle
  return (
    <dialog
      id="idle-dialog"
      class="portal-dialog"
      aria-labelledby="idle-title"
      aria-describedby="idle-text"
      data-title-prefix={texts.titlePrefix}
    >
      <h2 id="idle-title">{texts.title}</h2>
      <p id="idle-text">{texts.text}</p>
      <p class="portal-dialog-clock">
        {texts.remaining} <strong id="idle-remaining" role="timer" aria-live="off" />
      </p>
      <div class="portal-dialog-actions">
        <button type="button" id="idle-stay" class="btn btn-primary">
          {texts.stay}
        </button>
        <form method="post" action={signOut}>
          <button type="submit" class="btn btn-outline-primary">
            {texts.leave}
          </button>
        </form>
      </div>
    </dialog>
  )
}
