using Microsoft.Extensions.Options;
using RawSocketChat.Server.Outgoing;

namespace RawSocketChat.Server.Push;

/// <summary>Opens the connections to push services, with the rules of <see cref="PushOptions"/>.</summary>
internal sealed class PushConnector(INameResolver resolver, IOptions<PushOptions> options, TimeProvider time)
    : OutgoingConnector(resolver, new AddressRules(options.Value.ParseNetworks(), allowHttp: false), time);
