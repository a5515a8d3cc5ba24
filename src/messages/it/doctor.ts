/** What the doctor of a share reads (S34, S35): addressed formally, and without anything of the patient before the PIN. */
export const doctor = {
  login: {
    title: 'Accesso per il medico',
    heading: 'Referto condiviso con Lei',
    lead: 'Per aprirlo inserisca il PIN che Le ha comunicato il paziente.',
    pin: 'PIN',
    pinHint: '7 cifre. Spazi e trattini non contano.',
    pinCheck: 'Il PIN è fatto di 7 cifre.',
    code: 'Collegamento ricevuto',
    codeHint:
      'Apra il collegamento dell’e-mail: questa casella si riempie da sola. Se non succede, copi qui l’intero collegamento.',
    submit: 'Entra',
    problems: 'Problemi nella visualizzazione dei referti?',
    whereTitle: 'Dove trovo il PIN',
    where: 'Il PIN è stato comunicato dal paziente',
    whereMore: 'Per telefono, SMS o di persona: non è nell’e-mail, e la struttura non può comunicarlo.',
    linkWhere: 'Il collegamento è arrivato per e-mail',
    linkWhereMore: 'Vale per pochi giorni: la data è scritta nell’e-mail. Il paziente può annullarlo prima.',
    wrongTitle: 'PIN non corretto, o collegamento non più valido',
    wrong:
      'Controlli le cifre e riprovi. Dopo cinque PIN sbagliati la condivisione viene sospesa. Se il PIN è giusto, la condivisione può essere terminata: chieda al paziente di farne una nuova.',
    suspendedTitle: 'Condivisione sospesa per sicurezza',
    suspended:
      'È stato inserito più volte un PIN sbagliato. Chieda al paziente un nuovo PIN: potrà entrare con quello.',
    sessionOverTitle: 'La sessione è terminata',
    sessionOver:
      'Per continuare riapra il collegamento ricevuto per e-mail e inserisca di nuovo il PIN. Se non funziona più, la condivisione è terminata.',
    idleTitle: 'Sessione chiusa per inattività',
    signedOutTitle: 'È uscito dal portale',
    signedOut: 'I dati del paziente non sono più visibili su questo dispositivo.',
  },
  list: {
    title: 'Referto condiviso',
    reportOf: (day: string) => `È disponibile il referto del ${day}`,
    reports: 'Referti condivisi',
    available: 'Disponibile fino al',
    downloadSigned: 'Scarica il referto firmato',
    protect:
      'Se salva i file sul Suo dispositivo, ricordi che contengono dati sanitari del paziente: li protegga e li cancelli quando non servono più.',
    helpText: 'Nelle domande frequenti trova come aprire il referto firmato (.p7m) e le immagini scaricate.',
  },
  report: { heading: 'Referto' },
  disc: {
    heading: 'Scarica le immagini dell’esame',
    lead: 'Un solo file con tutto l’esame, in formato DICOM, e il referto: si può aprire, copiare su una chiavetta o masterizzare su disco.',
    protectMore:
      'Il file contiene dati sanitari del paziente: non lo lasci su computer condivisi e lo conservi in un luogo sicuro.',
  },
}
