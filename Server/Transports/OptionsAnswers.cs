using System.Collections.Frozen;

namespace RawSocketChat.Server.Transports;

/// <summary>Answers <c>OPTIONS</c> for all addresses.</summary>
public static class OptionsAnswers
{
    /// <summary>
    /// Answers <c>OPTIONS</c> (RFC 9110, section 9.3.7) with 204 and the methods of the address. <c>OPTIONS *</c> asks for the methods of the
    /// whole server.
    /// </summary>
    /// <param name="app">The request pipeline.</param>
    /// <param name="methods">The methods of each path.</param>
    public static IApplicationBuilder AnswerOptionsRequests(this IApplicationBuilder app, IReadOnlyDictionary<string, string[]> methods)
    {
        var allowed = methods.ToFrozenDictionary(entry => entry.Key, entry => Format(entry.Value), StringComparer.OrdinalIgnoreCase);
        var all = Format([.. methods.Values.SelectMany(some => some).Distinct()]);
        return app.Use(next => context =>
        {
            if (!HttpMethods.IsOptions(context.Request.Method))
                return next(context);
            var path = context.Request.Path.Value;
            var found = string.IsNullOrEmpty(path) ? all : allowed.GetValueOrDefault(path);
            if (found is null)
                return next(context);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            context.Response.Headers.Allow = found;
            context.Response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        });
    }

    private static string Format(IEnumerable<string> methods) => string.Join(", ", [.. methods, HttpMethods.Options]);
}
