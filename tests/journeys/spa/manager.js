// The library, set up by what the server of the application says.

const answer = await fetch("/settings.json");

export const manager = new oidc.UserManager({
  ...(await answer.json()),
  redirect_uri: `${location.origin}/callback`,
  silent_redirect_uri: `${location.origin}/silent`,
  post_logout_redirect_uri: `${location.origin}/signed-out`,
  scope: "openid profile email ocsapi",
  loadUserInfo: true,
  automaticSilentRenew: false,
  monitorSession: true,
  checkSessionIntervalInSeconds: 1,
  revokeTokensOnSignout: true,
  revokeTokenTypes: ["access_token"],
});
