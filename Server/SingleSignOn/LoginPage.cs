using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace RawSocketChat.Server.SingleSignOn;

/// <summary>The page that a person gets if a login fails: one sentence, and links to try again and to the chat.</summary>
internal static class LoginPage
{
    private const string Style =
        "body{font:17px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 20px}a{margin-inline-end:1em}:root{color-scheme:light dark}";

    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>Answers with the page.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="sentence">Why the login failed.</param>
    /// <param name="page">The address of the chat to which the login should lead, without the host.</param>
    public static Task RejectAsync(HttpContext context, int status, string sentence, string page)
    {
        var again = $"{context.Request.PathBase}/login?return={Uri.EscapeDataString(page)}";
        var html = HtmlEncoder.Default;
        SetHeaders(context.Response);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync($"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Login failed</title>
            <style>{Style}</style>
            <h1>You are not logged in</h1>
            <p>{html.Encode(sentence)}</p>
            <p><a href="{html.Encode(again)}">Try again</a> <a href="{html.Encode(page)}">Back to the chat</a></p>
            </html>

            """);
    }

    /// <summary>Sets the headers of each answer of a login. The addresses of a login contain secrets, so no cache and no other site may get them.</summary>
    public static void SetHeaders(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }
}
