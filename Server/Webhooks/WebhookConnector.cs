using Microsoft.Extensions.Options;
using RawSocketChat.Server.Outgoing;

namespace RawSocketChat.Server.Webhooks;

/// <summary>Opens the connections to the receivers of webhooks, with the rules of <see cref="WebhookOptions"/>.</summary>
internal sealed class WebhookConnector(INameResolver resolver, IOptions<WebhookOptions> options, TimeProvider time)
    : OutgoingConnector(resolver, new AddressRules(options.Value.ParseNetworks(), options.Value.AllowHttp), time);
