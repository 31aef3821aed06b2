using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.AspNetCore.HttpOverrides;

namespace RawSocketChat.Server.Hosting;

/// <summary>The proxies in front of the server. Section <c>Proxies</c>.</summary>
public sealed class ProxyOptions
{
    public const string Section = "Proxies";

    /// <summary>
    /// Addresses of proxies, or networks of addresses such as <c>10.0.0.0/8</c>. The server believes the headers <c>X-Forwarded-For</c> and
    /// <c>X-Forwarded-Proto</c> of their requests: the client's own address then counts for all limits. Default: none.
    /// </summary>
    [RegularExpression(@"[0-9A-Fa-f.:]+(/[0-9]{1,3})?", ErrorMessage = "is not an address; try: 127.0.0.1 or 10.0.0.0/8")]
    public IList<string> Trusted { get; } = [];
}

/// <summary>Replaces the address of a trusted proxy with the address of its client.</summary>
public static class TrustedProxies
{
    /// <exception cref="SettingException">An entry is neither an address nor a network.</exception>
    public static IApplicationBuilder UseTrustedProxies(this IApplicationBuilder app, ProxyOptions proxies)
    {
        if (proxies.Trusted.Count == 0)
            return app;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            // A chain of trusted proxies counts to its end. The first address that is not trusted is the client.
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var entry in proxies.Trusted)
        {
            if (IPAddress.TryParse(entry, out var address))
                options.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(entry, out var network))
                options.KnownIPNetworks.Add(network);
            else
                throw new SettingException($"--{ProxyOptions.Section}:{nameof(ProxyOptions.Trusted)}: \"{entry}\" is not an address or a network; try: 127.0.0.1 or 10.0.0.0/8");
        }

        return app.UseForwardedHeaders(options);
    }
}
