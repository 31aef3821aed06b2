using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace RawSocketChat.Server.SingleSignOn;

/// <summary>
/// Moves the client secret from the body of each request to the header <c>Authorization</c> (RFC 6749, section 2.3.1). ASP.NET Core's handler can
/// send the secret only in the body.
/// </summary>
internal sealed class BasicAuthentication(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is FormUrlEncodedContent form)
        {
            var fields = QueryHelpers.ParseQuery(await form.ReadAsStringAsync(cancellationToken));
            if (fields.Remove(OpenIdConnectParameterNames.ClientSecret, out var secret))
            {
                var credentials = $"{WebUtility.UrlEncode(fields[OpenIdConnectParameterNames.ClientId])}:{WebUtility.UrlEncode(secret)}";
                request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials)));
                request.Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Key, field.Value.ToString())));
            }
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
