using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace RawSocketChat.Server.SingleSignOn;

/// <summary>
/// The address of the page to which a login leads. The server builds this address itself, and takes only the values of the parameters <c>room</c>,
/// <c>embed</c> and <c>way</c> from the request. So a link cannot lead a person to another site after the login.
/// </summary>
internal static class ReturnAddress
{
    private const int MaxLength = 1000;

    private static readonly string[] KnownParameters = ["room", "embed", "way"];

    /// <summary>
    /// Reads the parameter <c>return</c> of a request: the path of the page, optionally with a query. If the parameter is absent, the
    /// result is the path of the page.
    /// </summary>
    /// <param name="given">The parameter.</param>
    /// <param name="mount">The mount path.</param>
    /// <param name="address">The path and query of the page. If the method returns false, only the path.</param>
    /// <returns>Whether the parameter is absent or is an address of the page.</returns>
    public static bool TryRead(StringValues given, PathString mount, out string address)
    {
        var page = $"{mount.Value}/";
        address = page;
        if (given.Count == 0)
            return true;
        if (given is not [{ Length: <= MaxLength } text] || text.Contains('#', StringComparison.Ordinal))
            return false;
        var (path, query) = text.IndexOf('?', StringComparison.Ordinal) is >= 0 and var start ? (text[..start], text[start..]) : (text, "");
        if (path.Length > 0 && path != page)
            return false;
        var parameters = QueryHelpers.ParseQuery(query);
        address = page + QueryString.Create(KnownParameters.Where(parameters.ContainsKey).Select(name => KeyValuePair.Create<string, string?>(name, parameters[name][0])));
        return true;
    }
}
