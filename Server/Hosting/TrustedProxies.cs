using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.HttpOverrides;

namespace RawSocketChat.Server.Hosting;

/// <summary>The proxies in front of the server. Section <c>Proxies</c>.</summary>
public sealed class ProxyOptions
{
    public const string Section = "Proxies";

    /// <summary>
    /// Addresses of proxies, or networks of addresses such as <c>10.0.0.0/8</c>. The server uses the headers <c>X-Forwarded-For</c>,
    /// <c>X-Forwarded-Proto</c>, <c>X-Forwarded-Host</c> and <c>X-Forwarded-Prefix</c> of these proxies. So all limits apply to the client's own
    /// address. Hints, redirects and cookies contain the address that the client used. Default: none.
    /// </summary>
    [RegularExpression(@"[0-9A-Fa-f.:]+(/[0-9]{1,3})?", ErrorMessage = "is not an address; try: 127.0.0.1 or 10.0.0.0/8")]
    public IList<string> Trusted { get; } = [];

    /// <summary>
    /// Whether trusted proxies begin each connection to an HTTP address with a header of the PROXY protocol, version 1 or 2. The server closes a
    /// connection of a trusted proxy that does not begin with this header. Default false.
    /// </summary>
    public bool ProxyProtocolHttp { get; set; }

    /// <summary>Like <see cref="ProxyProtocolHttp"/>, but for raw TCP. Default false.</summary>
    public bool ProxyProtocolRawTcp { get; set; }

    /// <exception cref="SettingException">A header of the PROXY protocol is required, but no proxy may send it.</exception>
    public void Validate()
    {
        var required = ProxyProtocolHttp ? nameof(ProxyProtocolHttp) : ProxyProtocolRawTcp ? nameof(ProxyProtocolRawTcp) : null;
        if (required is not null && Trusted.Count == 0)
            throw new SettingException($"--{Section}:{required}: no proxy is trusted; try: --{Section}:{nameof(Trusted)}:0 127.0.0.1");
    }
}

/// <summary>Reads the headers of trusted proxies: the address of the client, and the scheme, host and path prefix that the client used.</summary>
public static class TrustedProxies
{
    /// <exception cref="SettingException">An entry is neither an address nor a network.</exception>
    public static IApplicationBuilder UseTrustedProxies(this IApplicationBuilder app, ProxyOptions proxies)
    {
        if (proxies.Trusted.Count == 0)
            return app;
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedPrefix,
            // A request may come through several trusted proxies. The last address that is not trusted is the client.
            ForwardLimit = null,
        };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        var trusted = TrustedAddresses.Parse(proxies);
        foreach (var address in trusted.Addresses)
            options.KnownProxies.Add(address);
        foreach (var network in trusted.Networks)
            options.KnownIPNetworks.Add(network);
        return app.UseForwardedHeaders(options);
    }
}
