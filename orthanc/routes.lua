-- The routes of Orthanc's REST API that a gateway may call, and nothing else (S46: remote writes off, a fixed
-- list of routes). Orthanc asks this function before it answers any HTTP request; false is 403.
--
-- Reading only: no upload, no STOW-RS, no deletion, no change of settings, no script, no shutdown. DICOM
-- (C-STORE) is not touched by it. An administrator who must delete or correct a study over HTTP has the user
-- name below in "RegisteredUsers", with a password of its own that the gateway never sees.
local ADMINISTRATOR = 'amministratore'

-- The user that Orthanc makes up, with a password everyone knows, where "RegisteredUsers" is missing or empty.
local MADE_UP = 'orthanc'

local READ = {
  '/system',
  '/statistics',
  '/changes',
  '/patients',
  '/studies',
  '/series',
  '/instances',
  '/dicom-web/studies',
  '/dicom-web/series',
  '/dicom-web/instances',
}

-- Questions too long for a URL: they change nothing.
local ASK = { ['/tools/find'] = true, ['/tools/lookup'] = true, ['/tools/bulk-content'] = true }

local function isUnder(uri, root)
  return uri == root or string.sub(uri, 1, #root + 1) == root .. '/'
end

function IncomingHttpRequestFilter(method, uri, ip, username, httpHeaders)
  if username == ADMINISTRATOR then
    return true
  end
  if username == MADE_UP then
    return false
  end
  if method == 'POST' then
    return ASK[uri] == true
  end
  if method ~= 'GET' then
    return false
  end
  for _, root in ipairs(READ) do
    if isUnder(uri, root) then
      return true
    end
  end
  return false
end
