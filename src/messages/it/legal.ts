import type { HelpBlock } from './help-images.ts'

type LegalSection = { title: string; body: HelpBlock[] }

/** A first notice: only what the software itself does, and the organisation's own data from the settings. */
export const privacy = {
  title: 'Privacy',
  heading: 'Informativa sulla privacy',
  lead: 'Come questo portale tratta i tuoi dati (articolo 13 del Regolamento UE 2016/679).',
  fullNotice: 'Leggi l’informativa completa della struttura',
  sections: (facts: {
    controller: string
    dataProtectionOfficer: string | undefined
    availableDays: number
    pin2AtDesk?: boolean | undefined
  }): LegalSection[] => [
    {
      title: 'Chi tratta i dati',
      body: [
        `Titolare del trattamento: **${facts.controller}**.`,
        facts.dataProtectionOfficer
          ? `Responsabile della protezione dei dati: ${facts.dataProtectionOfficer}.`
          : 'I recapiti del Responsabile della protezione dei dati si possono chiedere alla struttura.',
      ],
    },
    {
      title: 'Quali dati e perché',
      body: [
        'Per consegnarti online referti e immagini, solo se hai dato il consenso, il portale tratta:',
        {
          list: [
            'i dati anagrafici e dell’esame registrati all’accettazione;',
            facts.pin2AtDesk
              ? 'l’indirizzo e-mail che hai lasciato, per mandarti gli avvisi;'
              : 'l’indirizzo e-mail che hai lasciato, per mandarti il PIN2 e gli avvisi;',
            'il referto e le immagini dell’esame;',
            'il registro degli accessi: chi, quando e da dove ha aperto o scaricato i documenti, per la tua sicurezza.',
          ],
        },
        'Le e-mail che ricevi tu non contengono dati sanitari. Se condividi un esame, l’e-mail al medico può dire il tuo nome e le prestazioni.',
      ],
    },
    {
      title: 'Per quanto tempo',
      body: [
        `Referto e immagini restano online al massimo ${facts.availableDays} giorni dalla pubblicazione; poi la copia del referto tenuta dal portale viene cancellata. Restano i dati dell’accettazione e il registro degli accessi, per il tempo stabilito dalla struttura.`,
      ],
    },
    {
      title: 'Il consenso',
      body: [
        'Il servizio è facoltativo. Puoi ritirare il consenso in ogni momento allo sportello: ciò che è pubblicato viene tolto subito. La copia su carta resta sempre disponibile.',
      ],
    },
    {
      title: 'Cookie',
      body: [
        'Il portale usa solo cookie tecnici, che servono a tenerti collegato e scompaiono quando esci; il visualizzatore delle immagini ricorda nel browser le tue preferenze. Non usa cookie di profilazione, statistiche di terze parti, né servizi esterni: tutto ciò che vedi viene da questo sito.',
      ],
    },
    {
      title: 'I tuoi diritti',
      body: [
        'Puoi chiedere al titolare l’accesso ai tuoi dati, la rettifica, la cancellazione, la limitazione del trattamento e la portabilità (articoli 15–20 del Regolamento), e puoi presentare reclamo al Garante per la protezione dei dati personali.',
      ],
    },
  ],
}

export const accessibility = {
  title: 'Accessibilità',
  heading: 'Dichiarazione di accessibilità',
  lead: (organisation: string) =>
    `${organisation} si impegna a rendere questo portale accessibile a tutte le persone, secondo la legge 9 gennaio 2004, n. 4.`,
  statement: 'Leggi la dichiarazione pubblicata sul sito dell’Agenzia per l’Italia Digitale',
  sections: (feedbackEmail: string | undefined): LegalSection[] => [
    {
      title: 'Obiettivo e stato',
      body: [
        'Le pagine sono progettate per rispettare le WCAG 2.2, livello AA, e la norma UNI CEI EN 301549. Sono controllate con strumenti automatici a ogni modifica; una verifica completa con persone con disabilità non è ancora stata svolta.',
      ],
    },
    {
      title: 'Contenuti non del tutto accessibili',
      body: [
        {
          list: [
            'I referti in PDF sono mostrati come li consegna il medico: se il documento è una scansione, il testo non è leggibile dalle tecnologie assistive.',
            'Le immagini radiologiche, per loro natura, non hanno un’alternativa testuale oltre al referto.',
            'Il visualizzatore delle immagini è un programma di terze parti (OHIF) con comandi pensati per mouse e tocco.',
          ],
        },
        'La copia su carta del referto è disponibile allo sportello.',
      ],
    },
    {
      title: 'Segnalazioni',
      body: [
        feedbackEmail
          ? `Se incontri un ostacolo scrivi a [${feedbackEmail}](mailto:${feedbackEmail}): indica la pagina e il problema.`
          : 'Se incontri un ostacolo segnalalo ai contatti indicati in fondo alla pagina.',
        'Se la risposta non arriva entro trenta giorni o non è soddisfacente puoi rivolgerti al Difensore civico per il digitale, presso l’Agenzia per l’Italia Digitale.',
      ],
    },
  ],
}
