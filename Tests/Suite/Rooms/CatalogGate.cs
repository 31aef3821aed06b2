using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Delays or fails the next call of one method of the server's room catalog. The test can do something during a delay.</summary>
public sealed class CatalogGate
{
    private readonly TaskCompletionSource _continued = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _method;
    private string? _failing;

    /// <summary>Puts the gate between the server and its catalog.</summary>
    public void Install(IServiceCollection services) => services.AddSingleton<IRoomCatalog>(provider =>
    {
        var proxy = DispatchProxy.Create<IRoomCatalog, Proxy>();
        ((Proxy)(object)proxy).Initialize(ActivatorUtilities.CreateInstance<SqlRoomCatalog>(provider), this);
        return proxy;
    });

    /// <summary>Delays the answer to the next call of a method that returns the state of a member.</summary>
    public void Hold(string method) => Volatile.Write(ref _method, method);

    /// <summary>Makes the next call of a method fail, as if the disk were full.</summary>
    public void Fail(string method) => Volatile.Write(ref _failing, method);

    public Task WaitForCallAsync() => _called.Task.OrFail($"a call of {_method}");

    public void Continue() => _continued.SetResult();

    /// <summary>The catalog that the server uses.</summary>
    public class Proxy : DispatchProxy
    {
        private IRoomCatalog _catalog = null!;
        private CatalogGate _gate = null!;

        internal void Initialize(IRoomCatalog catalog, CatalogGate gate) => (_catalog, _gate) = (catalog, gate);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name == _gate._failing && Interlocked.Exchange(ref _gate._failing, null) is not null)
                throw new StorageException("the disk is full");
            var result = targetMethod.Invoke(_catalog, args);
            return result is ValueTask<MemberState?> state && targetMethod.Name == _gate._method && Interlocked.Exchange(ref _gate._method, null) is not null
                ? new ValueTask<MemberState?>(HoldAsync(state))
                : result;
        }

        private async Task<MemberState?> HoldAsync(ValueTask<MemberState?> state)
        {
            var result = await state;
            _gate._called.SetResult();
            await _gate._continued.Task;
            return result;
        }
    }
}
